// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: holders burn what is theirs, or what they were allowed to.
contract BurnableOwn is StandardToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function burn(uint256 value) external {
        _write(msg.sender, address(0), value);
    }

    function burnFrom(address holder, uint256 value) external {
        _useAllowance(holder, msg.sender, value);
        _write(holder, address(0), value);
    }
}
