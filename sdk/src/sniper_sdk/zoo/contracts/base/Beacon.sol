// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "base/Ownable.sol";

/// Tells any number of proxies their implementation (EIP-1967).
contract Beacon is Ownable {
    address public implementation;

    constructor(address implementation_, address owner_) {
        implementation = implementation_;
        _passOwnership(owner_);
    }

    function upgradeTo(address implementation_) external onlyOwner {
        implementation = implementation_;
    }
}
