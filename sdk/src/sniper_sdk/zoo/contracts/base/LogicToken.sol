// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// A token's logic for a proxy, which has the storage.
contract LogicToken is StandardToken("", "", 0) {
    bool private initialized;

    function initialize(string calldata name_, string calldata symbol_, uint256 supply, address holder) external {
        require(!initialized, "already initialized");
        initialized = true;
        _setUp(name_, symbol_, supply, holder);
    }
}
