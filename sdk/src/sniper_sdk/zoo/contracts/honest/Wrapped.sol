// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: stands for another token one to one, and gives it back.
contract Wrapped is StandardToken {
    StandardToken public immutable underlying;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {
        underlying = new Underlying(supply);
    }

    function deposit(uint256 value) external {
        underlying.transferFrom(msg.sender, address(this), value);
        _write(address(0), msg.sender, value);
    }

    function withdraw(uint256 value) external {
        _write(msg.sender, address(0), value);
        underlying.transfer(msg.sender, value);
    }
}

/// What is wrapped.
contract Underlying is StandardToken {
    constructor(uint256 supply) StandardToken("Underlying", "UND", supply) {}
}
